"""The review desk and the interfaces for other systems: store, pages, HTTP API, FHIR and CDS Hooks.

Calls the one function that maps a note to a result and holds no medical rule. Needs the extra `web`; importing this
package alone imports none of it.
"""
