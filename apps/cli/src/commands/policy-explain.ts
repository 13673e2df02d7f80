/** `thv policy explain`: why a request is permitted or denied. */
import { usageError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { renderExplanation } from '../output/explain-report.ts';
import { type ClaimsFlags, readCaller } from '../services/claims.ts';
import { loadPolicyFile, orOneLine, showPath } from '../services/policy-files.ts';
import { type QuestionFlags, readQuestion } from '../services/policy-question.ts';
import type { Format, GlobalFlags } from './command-host.ts';

export interface PolicyExplainArguments {
  readonly file: string;
  readonly flags: ClaimsFlags &
    QuestionFlags &
    GlobalFlags & {
      readonly serverName?: string;
      readonly verbose?: true;
      readonly format?: Format;
    };
}

/** A denial is an answer like any other: exit code 0. */
export async function explainPolicies(
  { file, flags }: PolicyExplainArguments,
  io: Io,
): Promise<ExitCode> {
  const question = readQuestion(flags);
  const log = createLog(io, flags);
  const { config, cedar, places } = await loadPolicyFile(file, io.cwd);
  if (config.type !== 'cedarv1') {
    throw usageError(file, 'has no Cedar policies', 'ask the decision point that it names');
  }
  const identity = await readCaller(flags, { io, log, now: Date.now });
  const { createAuthorizer } = await import('@thv/authz');
  const explanation = await orOneLine(io.cwd, async () => {
    const authorizer = createAuthorizer(config, { cedar, serverName: flags.serverName });
    if (authorizer.readsHints && question.action === 'call_tool' && question.hints === undefined) {
      const message = 'policies read hints: say with --hint what the server says of the tool';
      log({ level: 'warn', message });
    }
    return authorizer.explain({ identity, ...question });
  });
  io.out(
    renderExplanation(explanation, {
      places: new Map(places.map((place) => [place.id, place])),
      showPath: (name) => showPath(name, io.cwd),
      groupClaims: groupClaimsOf(config.cedar),
      verbose: flags.verbose === true,
      format: flags.format ?? 'text',
      screen: io.stdout,
    }),
  );
  return EXIT.done;
}

/** Where the library looks for groups and roles, as it is documented. */
function groupClaimsOf({
  groupClaimName,
  roleClaimName,
}: {
  readonly groupClaimName?: string | undefined;
  readonly roleClaimName?: string | undefined;
}): readonly string[] {
  return [
    ...(groupClaimName === undefined ? [] : [groupClaimName]),
    ...['groups', 'roles', 'cognito:groups'],
    ...(roleClaimName === undefined ? [] : [roleClaimName]),
  ];
}
