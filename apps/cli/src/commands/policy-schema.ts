/** `thv policy schema`: what policies can see, as a Cedar schema. */
import type { SchemaOptions, SchemaType } from '@thv/authz';
import { usageError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { toJsonText } from '../output/json-line.ts';
import { loadPolicyFile } from '../services/policy-files.ts';
import { didYouMean } from '../suggest.ts';
import type { Format, GlobalFlags } from './command-host.ts';

export interface PolicySchemaArguments {
  /** Tells the group type and the claims that are sets. */
  readonly file: string | undefined;
  readonly flags: GlobalFlags & {
    /** `NAME=TYPE`. */
    readonly claim?: readonly string[];
    /** `NAME=TYPE`. */
    readonly arg?: readonly string[];
    readonly format?: Format;
  };
}

const TYPES: readonly SchemaType[] = ['String', 'Long', 'Bool', 'Decimal', 'Set<String>'];

export async function printSchema(
  { file, flags }: PolicySchemaArguments,
  io: Io,
): Promise<ExitCode> {
  const { buildCedarSchema, formatCedarSchema } = await import('@thv/authz');
  const schema = buildCedarSchema({
    ...(file !== undefined && (await readOptions(file, io))),
    claims: readTypes('--claim', flags.claim),
    arguments: readTypes('--arg', flags.arg),
  });
  if (flags.format === 'json') {
    io.out(toJsonText(schema));
  } else {
    const { loadCedar } = await import('@thv/authz/node');
    io.out(formatCedarSchema(await loadCedar(), schema));
  }
  return EXIT.done;
}

async function readOptions(file: string, io: Io): Promise<SchemaOptions> {
  const { config } = await loadPolicyFile(file, io.cwd);
  if (config.type !== 'cedarv1') {
    throw usageError(file, 'has no Cedar policies', 'give a file of the type cedarv1');
  }
  const { groupEntityType, multiValuedClaims } = config.cedar;
  return { groupEntityType, multiValuedClaims };
}

function readTypes(
  flag: string,
  pairs: readonly string[] = [],
): Readonly<Record<string, SchemaType>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, text = ''] = /^([^=]+)=(.*)$/.exec(pair) ?? [];
      const type = TYPES.find((known) => known === text);
      if (name === undefined || type === undefined) {
        throw usageError(
          flag,
          `${JSON.stringify(pair)} is not NAME=TYPE`,
          didYouMean(text, TYPES) ?? `the types are ${TYPES.join(', ')}`,
        );
      }
      return [name, type];
    }),
  );
}
