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
facts and calls these functions; for the areas settings and rates, `services/doctor_settings.py`
does. To add a check, add its finding to the file of its area, and yield `FINDING.seen(...)` from
the function that judges it. A new function needs a line in the service. The tests find new findings
by themselves, and fail until one of them provokes it.
"""
