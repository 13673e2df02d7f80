/** The code by which the system, or one of our packages, names an error. Pure. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
