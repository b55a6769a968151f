"""`reconcile --report`: a run as one page for a browser, a phone or a printer.

`place` and `writing` deal with the file, `page` with HTML; what stands on the page is decided by
`view` and the files that it imports, as plain values.
"""
