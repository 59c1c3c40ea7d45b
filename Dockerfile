# The binary alone, and a folder for the history. What it measures, and where it answers:
# docs/OPERATING.md
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# make takes the last three from the environment. Where they are not given it finds out by itself.
ARG TARGETOS TARGETARCH VERSION COMMIT COMMIT_DATE
RUN GOOS=$TARGETOS GOARCH=$TARGETARCH make build \
 && install -d -o 65532 -g 65532 -m 0750 /history

FROM scratch
COPY --from=build /src/bin/wanstore /usr/bin/wanstore
COPY --from=build --chown=65532:65532 /history /var/lib/wanstore
USER 65532:65532
ENV WANCTL_STORAGE_DB_PATH=/var/lib/wanstore/metrics.db WANCTL_STORAGE_HTTP_LISTEN=127.0.0.1:9101
VOLUME /var/lib/wanstore
EXPOSE 9101
HEALTHCHECK --interval=1m --timeout=15s CMD ["/usr/bin/wanstore", "health"]
ENTRYPOINT ["/usr/bin/wanstore"]
CMD ["record"]
