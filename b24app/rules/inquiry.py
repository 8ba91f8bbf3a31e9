"""Where an inquiry belongs in CRM: known facts in, a verdict with its reasons out.

Source: crm.md 14 (settings and behaviour) and plans (a)-(f).
"""

from b24app.rules.target import (
    COMPANY,
    CONTACT,
    DEAL,
    LEAD,
    TYPE_NAMES,
    Candidate,
    Card,
    CrmFacts,
    Person,
    Reason,
    Target,
)
from b24app.rules.verdict import Inquiry, Verdict

__all__ = [
    "COMPANY",
    "CONTACT",
    "DEAL",
    "LEAD",
    "TYPE_NAMES",
    "Candidate",
    "Card",
    "CrmFacts",
    "Inquiry",
    "Person",
    "Reason",
    "Target",
    "Verdict",
]
