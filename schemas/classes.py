"""The disclosure classes under short names, so that a schema reads as a table (practice.md §5.2).

``OF_ITS_TYPE`` stands on the common fields: they take the classes of the event type that they are used in.
"""

from typing import Final

from services.domain.disclosure import DataClass

PUB: Final = DataClass.PUB
CASE: Final = DataClass.CASE
PAT: Final = DataClass.PAT
PLN_S: Final = DataClass.PLN_S
PLN_P: Final = DataClass.PLN_P
LOC: Final = DataClass.LOC
SRC: Final = DataClass.SRC
SVS: Final = DataClass.SVS
CHS: Final = DataClass.CHS
EVI: Final = DataClass.EVI
BIPR: Final = DataClass.BIPR
P2: Final = DataClass.P2
PHI: Final = DataClass.PHI
EDU: Final = DataClass.EDU
CJ: Final = DataClass.CJ
ORD: Final = DataClass.ORD
INC: Final = DataClass.INC
FIN: Final = DataClass.FIN
VIS: Final = DataClass.VIS
ICW: Final = DataClass.ICW
RSK: Final = DataClass.RSK
AUD: Final = DataClass.AUD
LEG: Final = DataClass.LEG
STA: Final = DataClass.STA
TSK: Final = DataClass.TSK
WRK: Final = DataClass.WRK


class OfItsType:
    """Marks a common field whose classes are those of the event type around it."""


OF_ITS_TYPE: Final = OfItsType()
