/** Traces and metrics through the OpenTelemetry API. */

export { createTelemetry, type TelemetryOptions } from './create-telemetry.ts';
export { observeTokenValidator, type SignInMetricsOptions } from './sign-in-metrics.ts';
