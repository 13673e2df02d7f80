/** The part of `oidc-provider` 9 that the development provider uses; the package ships no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

  export interface AdapterPayload {
    readonly uid?: string;
    readonly grantId?: string;
    readonly userCode?: string;
    consumed?: number;
    readonly [key: string]: unknown;
  }

  export interface Adapter {
    upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void>;
    find(id: string): Promise<AdapterPayload | undefined>;
    findByUid(uid: string): Promise<AdapterPayload | undefined>;
    findByUserCode(userCode: string): Promise<AdapterPayload | undefined>;
    consume(id: string): Promise<void>;
    destroy(id: string): Promise<void>;
    revokeByGrantId(grantId: string): Promise<void>;
  }

  /** A stored token or grant; only what is read here. */
  export interface Token {
    readonly accountId?: string;
    readonly scope?: string;
    save(): Promise<string>;
  }

  export interface Grant {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }

  export interface OidcState {
    readonly route: string;
    readonly params?: Readonly<Record<string, string | readonly string[] | undefined>>;
    readonly body?: Readonly<Record<string, unknown>>;
    readonly client?: { readonly clientId: string };
    readonly entities: Readonly<Record<string, Token | undefined>>;
  }

  export interface Context {
    readonly oidc?: OidcState;
    readonly path: string;
    query: Readonly<Record<string, string | readonly string[] | undefined>>;
    status: number;
    type: string;
    body: unknown;
  }

  export interface Interaction {
    readonly uid: string;
    readonly prompt: { readonly name: string };
    readonly params: Readonly<Record<string, unknown>>;
    readonly session?: { readonly accountId: string };
    readonly grantId?: string;
  }

  export class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    readonly AccessToken: new (
      properties: Readonly<Record<string, unknown>>,
    ) => Token;
    readonly Grant: {
      new (properties: { readonly accountId: string; readonly clientId: string }): Grant;
      find(id: string): Promise<Grant | undefined>;
    };
    callback(): RequestListener;
    use(middleware: (ctx: Context, next: () => Promise<void>) => Promise<void>): this;
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: Readonly<Record<string, unknown>>,
      options?: { readonly mergeWithLastSubmission?: boolean },
    ): Promise<void>;
  }
}
