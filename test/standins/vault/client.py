"""Uses a Vault as hvac uses it, and prints what it saw as JSON. Environment: VAULT_ADDR, VAULT_TOKEN, ROLE_ID, SECRET_ID."""

import json
import os

import hvac
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, VaultDown

saw = {}
address = os.environ["VAULT_ADDR"]
role = hvac.Client(url=address)
login = role.auth.approle.login(role_id=os.environ["ROLE_ID"], secret_id=os.environ["SECRET_ID"])
saw["authenticated"] = role.is_authenticated()
saw["lease"] = login["auth"]["lease_duration"]
saw["looked_up"] = role.auth.token.lookup_self()["data"]["ttl"]
saw["renewed"] = role.auth.token.renew_self()["auth"]["lease_duration"]
saw["renewable"] = role.auth.token.lookup_self()["data"]["renewable"]

kv = role.secrets.kv.v2
saw["first"] = kv.create_or_update_secret("hvac/default/one", {"token": "v1"}, cas=0)["data"]["version"]
saw["second"] = kv.create_or_update_secret("hvac/default/one", {"token": "v2"})["data"]["version"]
try:
    kv.create_or_update_secret("hvac/default/one", {"token": "v3"}, cas=0)
except InvalidRequest as error:
    saw["cas"] = str(error)
saw["read"] = kv.read_secret_version("hvac/default/one")["data"]["data"]
saw["read_first"] = kv.read_secret_version("hvac/default/one", version=1)["data"]["data"]
kv.update_metadata("hvac/default/one", max_versions=5)
role.write("secret/metadata/hvac/default/one", custom_metadata={"kind": "github"})
metadata = kv.read_secret_metadata("hvac/default/one")["data"]
saw["metadata"] = [metadata["current_version"], metadata["max_versions"], metadata["custom_metadata"], sorted(metadata["versions"])]
kv.create_or_update_secret("hvac/default/two", {"token": "x"})
saw["listed"] = kv.list_secrets("hvac/default")["data"]["keys"]
saw["folders"] = kv.list_secrets("hvac")["data"]["keys"]
kv.delete_latest_version_of_secret("hvac/default/one")
try:
    kv.read_secret_version("hvac/default/one")
except InvalidPath:
    saw["deleted"] = True
kv.undelete_secret_versions("hvac/default/one", versions=[2])
saw["undeleted"] = kv.read_secret_version("hvac/default/one")["data"]["data"]
kv.destroy_secret_versions("hvac/default/one", versions=[1])
saw["destroyed"] = kv.read_secret_metadata("hvac/default/one")["data"]["versions"]["1"]["destroyed"]
kv.delete_metadata_and_all_versions("hvac/default/one")
try:
    kv.read_secret_metadata("hvac/default/one")
except InvalidPath as error:
    saw["gone"] = error.errors
try:
    hvac.Client(url=address, token="hvs.wrong").secrets.kv.v2.list_secrets("hvac")
except Forbidden as error:
    saw["forbidden"] = error.errors
root = hvac.Client(url=address, token=os.environ["VAULT_TOKEN"])
saw["sealed_before"] = root.sys.is_sealed()
root.sys.seal()
saw["sealed"] = root.sys.is_sealed()
try:
    kv.list_secrets("hvac")
except VaultDown as error:
    saw["down"] = error.errors
root.sys.submit_unseal_key("key")
saw["unsealed"] = kv.list_secrets("hvac/default")["data"]["keys"]
role.auth.token.revoke_self()
saw["revoked"] = not hvac.Client(url=address, token=login["auth"]["client_token"]).is_authenticated()
print(json.dumps(saw))
