"""Work of operators among themselves: transfers, tags, and chats that each keeps on top."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from b24app.db import Row, Utc
from b24app.models.conversation import Conversation


class Transfer(Row):
    """A chat that one employee offers to another, or to all of a department.

    state: pending → accepted, declined, cancelled, void (the chat went elsewhere meanwhile);
    forced: given without asking. A chat has at most one that is pending: the index guards it.
    """

    __tablename__ = "transfer"
    __table_args__ = (
        Index(
            "uq_transfer_pending",
            "conversation_id",
            unique=True,
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_transfer_portal_state", "portal_id", "state", "id"),
    )
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    from_id: Mapped[int] = mapped_column(BigInteger)
    holder_id: Mapped[int | None] = mapped_column(BigInteger)  # who had the chat when offered
    to_id: Mapped[int | None] = mapped_column(BigInteger)
    group_id: Mapped[str] = mapped_column(String(24), default="")
    group_name: Mapped[str] = mapped_column(String(200), default="")
    comment: Mapped[str] = mapped_column(String(1000), default="")
    state: Mapped[str] = mapped_column(String(10), default="pending")
    ended_by: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)

    conversation: Mapped[Conversation] = relationship()

    def end(self, state: str, by: int | None, now: datetime) -> None:
        self.state, self.ended_by, self.ended_at = state, by, now


class Tag(Row):
    """A word that marks chats of a portal."""

    __tablename__ = "tag"
    __table_args__ = (UniqueConstraint("portal_id", "name"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    colour: Mapped[str] = mapped_column(String(12), default="blue")
    created_at: Mapped[datetime] = mapped_column(Utc)


class ConversationTag(Row):
    """A chat has a tag; `Conversation.tags` says the same for screens."""

    __tablename__ = "conversation_tag"
    __table_args__ = (UniqueConstraint("tag_id", "conversation_id"),)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id", ondelete="CASCADE"))
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )


class Favourite(Row):
    """A chat that an employee keeps on top of their list."""

    __tablename__ = "favourite"
    __table_args__ = (UniqueConstraint("portal_id", "user_id", "conversation_id"),)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(BigInteger)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(Utc)
