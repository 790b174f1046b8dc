package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// uploader sends spans by OTLP over HTTP, as protobuf. What cannot be sent is
// logged and lost: users do not wait for telemetry.
type uploader struct {
	url    string
	header http.Header
	client *http.Client
	log    *slog.Logger
}

var _ otlptrace.Client = (*uploader)(nil)

// newUploader reads OpenTelemetry's variables; nil means that spans go nowhere.
func newUploader(getenv func(string) string, log *slog.Logger) (*uploader, error) {
	endpoint := tracesEndpoint(getenv)
	if endpoint == "" || strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") || getenv("OTEL_TRACES_EXPORTER") == "none" {
		return nil, nil
	}
	if u, err := url.Parse(endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL")
	}
	if protocol := ofTraces(getenv, "PROTOCOL"); protocol != "" && protocol != "http/protobuf" {
		return nil, errors.New("OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf")
	}
	header, err := parseHeaders(ofTraces(getenv, "HEADERS"))
	if err != nil {
		return nil, err
	}
	timeout, err := parseTimeout(ofTraces(getenv, "TIMEOUT"))
	if err != nil {
		return nil, err
	}
	return &uploader{url: endpoint, header: header, client: &http.Client{Timeout: timeout}, log: log}, nil
}

// tracesEndpoint is where traces go: the variable for traces names the very
// URL, the general one what comes before the path.
func tracesEndpoint(getenv func(string) string) string {
	if endpoint := getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"); endpoint != "" {
		return endpoint
	}
	if endpoint := getenv("OTEL_EXPORTER_OTLP_ENDPOINT"); endpoint != "" {
		return strings.TrimSuffix(endpoint, "/") + "/v1/traces"
	}
	return ""
}

// ofTraces is the variable for traces, or else the general one.
func ofTraces(getenv func(string) string, name string) string {
	if value := getenv("OTEL_EXPORTER_OTLP_TRACES_" + name); value != "" {
		return value
	}
	return getenv("OTEL_EXPORTER_OTLP_" + name)
}

// parseHeaders reads NAME=VALUE,NAME=VALUE. Its error does not repeat them:
// they are mostly keys.
func parseHeaders(text string) (http.Header, error) {
	h := http.Header{"Content-Type": {"application/x-protobuf"}}
	if text == "" {
		return h, nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		name, value, found := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !found || err != nil {
			return nil, errors.New("OTEL_EXPORTER_OTLP_HEADERS must be NAME=VALUE,NAME=VALUE")
		}
		h.Set(strings.TrimSpace(name), value)
	}
	return h, nil
}

// parseTimeout reads milliseconds; the default is the specification's.
func parseTimeout(text string) (time.Duration, error) {
	if text == "" {
		return 10 * time.Second, nil
	}
	ms, err := strconv.ParseUint(text, 10, 31)
	if err != nil || ms == 0 {
		return 0, errors.New("OTEL_EXPORTER_OTLP_TIMEOUT must be a number of milliseconds")
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// Start implements [otlptrace.Client].
func (*uploader) Start(context.Context) error { return nil }

// Stop implements [otlptrace.Client].
func (u *uploader) Stop(context.Context) error {
	u.client.CloseIdleConnections()
	return nil
}

// UploadTraces implements [otlptrace.Client]. The message has the same bytes
// as collector/trace/v1's ExportTraceServiceRequest, whose package would bring
// gRPC along.
func (u *uploader) UploadTraces(ctx context.Context, s []*spans.ResourceSpans) error {
	if err := u.send(ctx, &spans.TracesData{ResourceSpans: s}); err != nil {
		u.log.Warn("spans could not be sent", "error", err)
	}
	return nil // the SDK would tell it to a logger of its own
}

func (u *uploader) send(ctx context.Context, data proto.Message) error {
	body, err := proto.Marshal(data)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = u.header
	resp, err := u.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection can be used again
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the collector answers %s", resp.Status)
	}
	return nil
}
