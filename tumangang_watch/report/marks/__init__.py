"""What pictures point at, and with what: numbered objects, a rose of north, sun and satellite."""
