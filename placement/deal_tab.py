"""The tab of a deal's card."""

from placement.card import tab

PLACEMENT = tab("deal", "CRM_DEAL_DETAIL_TAB")
