"""`reconcile --report`: a run as one page for a browser, a phone or a printer.

`view` and the files that it imports decide what the page says, as plain values.
`pages/page.html.j2` lays them out, and `page` writes the file.
"""
