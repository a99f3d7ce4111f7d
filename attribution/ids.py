"""One type for each identifier, and the tag that stands for a person."""

from dataclasses import dataclass, field
from typing import NewType

AgentId = NewType("AgentId", str)
ChannelId = NewType("ChannelId", str)
DeviceId = NewType("DeviceId", str)
DisputeId = NewType("DisputeId", str)
EvidenceId = NewType("EvidenceId", str)
PersonId = NewType("PersonId", str)
ProgrammeId = NewType("ProgrammeId", str)
ProjectId = NewType("ProjectId", str)
RequestId = NewType("RequestId", str)
RulingId = NewType("RulingId", str)
SigningId = NewType("SigningId", str)
StatementId = NewType("StatementId", str)
TokenId = NewType("TokenId", str)
VisitId = NewType("VisitId", str)


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitorTag:
    """An identity tag (身份标签): same identifier, same tag; never the identifier.

    `kind` is the kind of identifier it was made from (`cn-mobile`, `cn-id`,
    `cn-mobile-3-4` …), `epoch` the tag key it was made under.
    """

    kind: str
    epoch: int
    value: bytes = field(repr=False)

    @property
    def is_masked(self) -> bool:
        """Say whether it stands for some digits only: many people share such a tag."""
        return self.kind.startswith("cn-mobile-")

    @property
    def is_phone(self) -> bool:
        """Say whether it stands for a whole phone number; else it is a document."""
        return self.kind == "cn-mobile"
