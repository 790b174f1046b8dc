# The builder runs on the machine's own platform and cross-compiles.
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH COMMIT
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags="-s -w -X main.commit=$COMMIT" -o /out/bin/userd ./cmd/userd \
 && mkdir -p /out/data /out/etc/ssl/certs \
 && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ \
 && cp LICENSE /out/LICENSE

FROM scratch
LABEL org.opencontainers.image.title="userd" \
      org.opencontainers.image.description="A user management service: users over GraphQL and REST, from one binary." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="https://github.com/userd/userd"
# 65532 is the conventional "nonroot" of images without a shell.
COPY --from=build --chown=65532:65532 /out /
USER 65532:65532
ENV DATABASE_URL=file:/data/userd.db
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/bin/userd", "healthcheck"]
ENTRYPOINT ["/bin/userd"]
