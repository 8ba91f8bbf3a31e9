"""The pages of the portal: what a person with a browser sees of the sandbox Bitrix24."""

from flask import Blueprint

from sandbox.portal.browser_center import add_to as add_center
from sandbox.portal.browser_crm import add_to as add_crm
from sandbox.portal.browser_frames import add_to as add_frames
from sandbox.portal.browser_market import add_to as add_market
from sandbox.portal.browser_online import add_to as add_online
from sandbox.portal.browser_page import Pages
from sandbox.portal.portal import Portal


def blueprint(portal: Portal) -> Blueprint:
    """All pages and their small JSON requests, ready to be registered in the portal's app."""
    pages = Pages(portal)
    for add_subject in (add_market, add_frames, add_crm, add_center, add_online):
        add_subject(pages)
    return pages.blueprint
