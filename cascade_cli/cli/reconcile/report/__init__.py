"""`reconcile --report`: a run as one page for a browser, a phone or a printer.

`page` writes the file; what stands on it is decided by `view` and the files that it imports, as
plain values, and `pages/page.html.j2` puts them in place.
"""
