/**
 * The words that flags know. Every command's help names them, so this file is loaded with each of them
 * and loads nothing itself.
 */

/** How a server speaks. */
export const TRANSPORTS = ['stdio', 'sse', 'streamable-http'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** Who shares a process of a stdio server. */
export const ISOLATIONS = ['shared', 'session'] as const;
