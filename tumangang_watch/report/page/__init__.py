"""``report.html``: the answer, the pictures, the findings with their pixels; tables in an appendix."""
