"""S3 drop: takes lists that are put into a bucket, each object once, and leaves or moves them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
from pydantic import Field, SecretStr, field_validator

from hub import Bucket, CloudKey, DropSource, hookimpl


class S3Drop(DropSource):
    """Lists in a folder of a bucket: at Amazon, or at whoever speaks the same protocol (MinIO, R2, Ceph and others).

    An object is known by its name and ETag: one that is put again with other content is read again. S3 shows objects
    only when they are whole, so `settle` is 0. With `after: remember` the key needs the rights to list and get; with
    `after: move` also to put and delete, and no one should write under a name that is just being read.
    """

    name = "s3_drop"
    title = "S3 bucket (file drop)"
    docs_url = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"
    confirmed = (
        "ListObjectsV2 lists 1,000 objects a page, names percent-encoded with encoding-type=url (docs, moto)",
        "Requests are signed by Signature Version 4, service s3, as botocore computes it (checked by moto's server)",
        "If-Match and x-amz-copy-source-if-match answer 412 when the object is another (docs, moto)",
        "A copy may answer 200 with an error in its body (docs)",
    )
    unconfirmed = (
        "An object that is put between the last look and its deletion is lost to the move; remember moves nothing",
        "Stores other than Amazon's answer these calls alike; bucket_in_path writes the bucket as they want it",
    )

    class Config(DropSource.Config):
        base_url: str = Field("", description="Address of the store; empty: Amazon's in the region.")
        bucket: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$", description="Name of the bucket.")
        prefix: str = Field("", description="Folder in the bucket, such as inbox/leads; empty: the whole bucket.")
        region: str = Field(pattern="^[a-z0-9-]+$", description="Region of the bucket, such as eu-central-1.")
        bucket_in_path: bool | None = Field(
            None, description="Whether the bucket stands in the path; none: with base_url it does, else in the host."
        )
        client_id: str = Field(description="Access key id.")
        client_secret: SecretStr = Field(description="Secret access key.")
        token: SecretStr | None = Field(None, description="Session token, where the key is a temporary one.")
        settle: int = Field(0, ge=0, le=86400, description="Seconds an object must have been there unchanged.")
        timeout: float = Field(30.0, gt=0, le=120, description="Seconds to wait for an answer.")

        @field_validator("prefix")
        @classmethod
        def _a_folder(cls, value: str) -> str:
            return f"{value.strip('/')}/" if value.strip("/") else ""

    config: Config

    @asynccontextmanager
    async def place(self, http: httpx.AsyncClient) -> AsyncIterator[Bucket]:
        config, secret = self.config, self.config.client_secret.get_secret_value()
        yield Bucket(
            address=self._address(), name=config.bucket, prefix=config.prefix, region=config.region,
            key=CloudKey(config.client_id, secret), token=config.token.get_secret_value() if config.token else None,
            deep=config.recursive, clock=self.clock, http=http, timeout=config.timeout,
        )  # fmt: skip

    def _address(self) -> str:
        config = self.config
        china = ".cn" if config.region.startswith("cn-") else ""
        base = config.base_url.rstrip("/") or f"https://s3.{config.region}.amazonaws.com{china}"
        dotted = "." in config.bucket  # no certificate fits a host with more dots
        if dotted or (bool(config.base_url) if config.bucket_in_path is None else config.bucket_in_path):
            return f"{base}/{config.bucket}"
        where = urlsplit(base)
        return f"{where.scheme}://{config.bucket}.{where.netloc}{where.path}"


@hookimpl
def hub_register() -> Iterator[type[S3Drop]]:
    """Register the connector."""
    yield S3Drop
