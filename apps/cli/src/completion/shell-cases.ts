/** Which values stand where, as branches of a `case`: bash and zsh spell them alike. Pure. */
import type { CommandModel, Values } from './command-model.ts';

/**
 * One branch per flag and argument that something can be offered for.
 *
 * @param callFor the call that offers the values in this shell; undefined where it offers none
 */
export function renderValueCases(
  { path, flags, values, isRepeated }: CommandModel,
  callFor: (values: Values) => string | undefined,
): readonly string[] {
  const caseOf = (pattern: string, offered: Values | undefined): readonly string[] => {
    const call = offered === undefined ? undefined : callFor(offered);
    return call === undefined ? [] : [`    ${pattern}) ${call} ;;`];
  };
  const ofFlags = flags.flatMap((flag) =>
    flag.names.flatMap((name) => caseOf(`'${path} ${name}'`, flag.values)),
  );
  const ofArguments = values.flatMap((value, at) =>
    caseOf(isRepeated && at === values.length - 1 ? `'${path} '*` : `'${path} ${at}'`, value),
  );
  return [...ofFlags, ...ofArguments];
}
