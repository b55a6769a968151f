"""What doctor can find, one file for each part of the shop.

    file        areas
    settings    settings, rates
    machine     keys, clocks
    stripe      stripe, rights, mode
    webhook     webhook
    airtable    airtable, schema
    processor   processor
    engine      engine
    venice      older, venice
    journal     journal
    findings    doctor

In each file the findings come first, then the functions that judge. `services/doctor.py` reads the
facts. To add a check, add its finding to the file of its area, and return `FINDING.seen(...)` from
the function that judges it. Only a fact that nobody reads yet needs a line in `services/doctor.py`.
The tests find new findings by themselves, and fail until one of them provokes it.
"""
