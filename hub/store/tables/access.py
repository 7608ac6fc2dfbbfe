"""Who may come in: users with passwords, and the sessions they opened."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import time


class UserRow(SQLModel, table=True):
    """A person who signs in with a password; only its Argon2id hash is kept."""

    __tablename__ = "hub_user"  # "user" is a word of PostgreSQL's own
    id: str = Field(primary_key=True)
    name: str = Field(unique=True)  # an e-mail address or any name, folded to lower case
    role: str
    password: str  # Argon2id
    created_at: datetime = time(null=False)
    password_at: datetime = time(null=False)
    last_login_at: datetime | None = time()
    disabled_at: datetime | None = time()


class LoginRow(SQLModel, table=True):
    """A session in a browser; only the hash of what its cookie holds is kept."""

    __tablename__ = "login"
    __table_args__ = (sa.Index("login_user", "user_id"),)
    digest: str = Field(primary_key=True)
    user_id: str
    created_at: datetime = time(null=False)  # of the sign-in: a rotated session is as old as the one before it
    seen_at: datetime = time(null=False)
    address: str | None = None


class SecondFactorRow(SQLModel, table=True):
    """What a user's authenticator app shares with leadhub, encrypted with a key outside the database."""

    __tablename__ = "second_factor"
    user_id: str = Field(primary_key=True)
    sealed: str
    created_at: datetime = time(null=False)
    confirmed_at: datetime | None = time()  # from then on it is asked for
    last_step: int  # of the newest code that was used: it and older ones are refused


class RecoveryRow(SQLModel, table=True):
    """A code that is good once where the app is lost; only its hash is kept."""

    __tablename__ = "recovery_code"
    user_id: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
