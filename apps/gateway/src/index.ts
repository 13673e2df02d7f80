/** The gateway as a library: the same composition, on a server of your own. */

export type { IssuerConfig } from '@thv/compose';
export { type GatewayConfig, readGatewayConfig, type ServerConfig } from './config.ts';
export { GatewayConfigError } from './config-error.ts';
export { createGateway, type Gateway, type GatewayOptions } from './create-gateway.ts';
export type { NamedIssuer } from './issuers.ts';
export { loadGatewayConfig } from './load-config.ts';
