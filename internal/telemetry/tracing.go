package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// flushTimeout bounds how long the last spans may take to be sent.
const flushTimeout = 5 * time.Second

// Tracing returns where spans go: to the collector that OpenTelemetry's
// variables name, or nowhere when they name none. Sampling and batching follow
// its variables too. stop sends the last spans.
func Tracing(ctx context.Context, getenv func(string) string, version string, log *slog.Logger) (p trace.TracerProvider, stop func(), err error) {
	u, err := newUploader(getenv, log)
	if err != nil || u == nil {
		return noop.NewTracerProvider(), func() {}, err
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "userd"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	provider := sdk.NewTracerProvider(sdk.WithResource(about), sdk.WithBatcher(otlptrace.NewUnstarted(u)))
	return provider, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			log.Warn("the last spans could not be sent", "error", err)
		}
	}, nil
}
