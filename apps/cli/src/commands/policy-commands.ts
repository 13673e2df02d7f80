/** `thv policy …`: the names and flags of the tools for policies. */
import type { Command } from 'commander';
import { once, oneOf, repeated } from '../flag-parsers.ts';
import { type CommandHost, exampleText, FORMATS } from './command-host.ts';
import type { PolicyCheckArguments } from './policy-check.ts';
import type { PolicyExplainArguments } from './policy-explain.ts';
import type { PolicySchemaArguments } from './policy-schema.ts';
import type { PolicyTestArguments } from './policy-test.ts';
import { addServerFlags } from './server-flags.ts';

const FILE = 'the authorization file, as for --authz-config';

export function addPolicyCommands(program: Command, host: CommandHost): void {
  const policy = program.command('policy').description('tools for policies; nothing is started');
  addCheck(policy, host);
  addTest(policy, host);
  addExplain(policy, host);
  addSchema(policy, host);
}

function addCheck(policy: Command, { io, finish }: CommandHost): void {
  addServerFlags(
    policy
      .command('check')
      .description(
        'find mistakes in an authorization file; exit code 3 for an error, with --strict for a warning too',
      )
      .argument('<file>', FILE)
      .option('--strict', 'warnings count like errors')
      .option('--server-name <name>', 'find policies for other servers', once('--server-name')),
  )
    .optionsGroup('Output:')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText(
      'after',
      `
With --server, tools, prompts and resources that policies name and the server
does not list are warnings. A server behind policies lists only what the token's
owner may use. Policies know tools by the server's own names, so the name of a
server in the background will do, but not the URL of a proxy that renames them.
${exampleText('thv policy check --strict authz.yaml')}`,
    )
    .action(async (file: string, _own: unknown, command: Command) => {
      const { checkPolicies } = await import('./policy-check.ts');
      const flags = command.optsWithGlobals<PolicyCheckArguments['flags']>();
      finish(await checkPolicies({ file, flags }, io));
    });
}

function addTest(policy: Command, { io, finish }: CommandHost): void {
  policy
    .command('test')
    .description('run a policy test file; exit code 3 if a test fails')
    .argument('<file>', FILE)
    .argument('<tests>', 'the test file, YAML or JSON')
    .option('--coverage', 'show which policies decided no test')
    .option(
      '--format <format>',
      'text, json, junit or tap',
      oneOf('--format', ['text', 'json', 'junit', 'tap']),
    )
    .addHelpText('after', exampleText('thv policy test --coverage authz.yaml tests.yaml'))
    .action(async (file: string, tests: string, _own: unknown, command: Command) => {
      const { testPolicies } = await import('./policy-test.ts');
      const flags = command.optsWithGlobals<PolicyTestArguments['flags']>();
      finish(await testPolicies({ file, tests, flags }, io));
    });
}

function addExplain(policy: Command, { io, finish }: CommandHost): void {
  policy
    .command('explain')
    .description('say why a request is permitted or denied; exit code 0 for both')
    .argument('<file>', FILE)
    .optionsGroup('Who asks:')
    .option('--claims <file>', 'the claims of a token, JSON or YAML; - is stdin', once('--claims'))
    .option(
      '--token-file <file>',
      'file with a token, which is decoded and not verified; - is stdin',
      once('--token-file'),
    )
    .option(
      '--oidc-principal-claim <claim>',
      'the claim that names the caller (default: sub)',
      once('--oidc-principal-claim'),
    )
    .optionsGroup('For what:')
    .option('--tool <name>', 'a call of this tool', once('--tool'))
    .option('--prompt <name>', 'getting this prompt', once('--prompt'))
    .option('--resource <uri>', 'reading this resource', once('--resource'))
    .option('--args <json>', 'the arguments, as a JSON object', once('--args'))
    .option(
      '--hint <NAME=true|false>',
      'a hint that the server gives about the tool (repeatable)',
      repeated('--hint'),
    )
    .option('--server-name <name>', 'the server\'s name: MCP::"name"', once('--server-name'))
    .optionsGroup('Output:')
    .option('--verbose', 'show the request and the entities as Cedar saw them')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText(
      'after',
      exampleText('thv policy explain authz.yaml --claims bob.json --tool admin_tool'),
    )
    .action(async (file: string, _own: unknown, command: Command) => {
      const { explainPolicies } = await import('./policy-explain.ts');
      const flags = command.optsWithGlobals<PolicyExplainArguments['flags']>();
      finish(await explainPolicies({ file, flags }, io));
    });
}

function addSchema(policy: Command, { io, finish }: CommandHost): void {
  policy
    .command('schema')
    .description('print what policies can see as a Cedar schema, for editors')
    .argument('[file]', `${FILE}: tells the group type and the claims that are sets`)
    .option(
      '--claim <NAME=TYPE>',
      'a claim of your tokens: String, Long, Bool, Decimal or Set<String> (repeatable)',
      repeated('--claim'),
    )
    .option(
      '--arg <NAME=TYPE>',
      'an argument of your tools and prompts (repeatable)',
      repeated('--arg'),
    )
    .option('--format <format>', "text, or json for Cedar's JSON form", oneOf('--format', FORMATS))
    .addHelpText('after', exampleText("thv policy schema --claim 'roles=Set<String>' --arg a=Long"))
    .action(async (file: string | undefined, _own: unknown, command: Command) => {
      const { printSchema } = await import('./policy-schema.ts');
      const flags = command.optsWithGlobals<PolicySchemaArguments['flags']>();
      finish(await printSchema({ file, flags }, io));
    });
}
