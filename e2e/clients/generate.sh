#!/usr/bin/env bash
# Has the clients' compilers generate what they need of the schema. None of it is kept.
set -euo pipefail
cd "$(dirname "$0")"
rm -rf src/generated
mkdir -p src/generated/relay
cp ../../schema.graphqls src/generated/schema.graphql # Relay's compiler reads no other extension
relay-compiler relay.config.json
graphql-codegen --config codegen.config.ts
openapi-typescript ../../rest/openapi.yaml --default-non-nullable=false --output src/generated/rest.ts
