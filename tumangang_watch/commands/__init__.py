"""The commands of the command line, a file a subject: parse, call one function, print."""
