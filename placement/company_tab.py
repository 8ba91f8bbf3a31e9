"""The tab of a company's card."""

from placement.card import tab

PLACEMENT = tab("company", "CRM_COMPANY_DETAIL_TAB")
