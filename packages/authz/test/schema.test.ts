import { buildCedarSchema, formatCedarSchema, isAuthzError } from '@thv/authz';
import { describe, expect, it } from 'vitest';
import { cedar } from './support/authorizer.ts';

describe('buildCedarSchema', () => {
  const schema = buildCedarSchema({
    claims: { roles: 'Set<String>', level: 'Long', scp: 'String' },
    multiValuedClaims: ['scp'],
    arguments: { operation: 'String', ratio: 'Decimal', force: 'Bool' },
  });
  const validate = (policy: string): unknown =>
    cedar.validate({ schema, policies: { staticPolicies: policy } });

  it('is a schema Cedar accepts, under which good policies are valid', () => {
    expect(cedar.checkParseSchema(schema)).toEqual({ type: 'success' });
    for (const policy of [
      'permit(principal in THVGroup::"a", action == Action::"call_tool", resource in MCP::"s") when { principal has claim_roles && principal.claim_roles.contains("x") };',
      'permit(principal, action == Action::"call_tool", resource) when { resource has arg_operation && resource.arg_operation == "add" };',
      'permit(principal, action == Action::"read_resource", resource) when { resource.uri like "file:*" && context has claimset_scp && context.claimset_scp.contains("a") };',
    ]) {
      expect(validate(policy), policy).toMatchObject({ validationErrors: [] });
    }
  });

  it('finds policies that are not', () => {
    for (const policy of [
      'permit(principal, action == Action::"call_tool", resource) when { principal.claim_roles.contains("x") };',
      'permit(principal, action == Action::"call_tool", resource) when { resource.nothing };',
      'permit(principal, action == Action::"call_tool", resource == Prompt::"x");',
    ]) {
      expect(validate(policy), policy).not.toMatchObject({
        validationErrors: [],
        validationWarnings: [],
      });
    }
  });
});

describe('formatCedarSchema', () => {
  it('prints a schema that Cedar reads and that is easy to read', () => {
    const text = formatCedarSchema(
      cedar,
      buildCedarSchema({ claims: { roles: 'Set<String>', 'a-__cedar::b': 'Decimal' } }),
    );
    expect(cedar.checkParseSchema(text)).toEqual({ type: 'success' });
    expect(text).toContain(
      'entity Client in [THVGroup] = {\n  "claim_a-__cedar::b"?: decimal,\n  claim_roles?: Set<String>\n};\n',
    );
  });

  it('keeps what a type of the same name makes necessary', () => {
    const schema = buildCedarSchema({ groupEntityType: 'String', claims: { a: 'Bool' } });
    const text = formatCedarSchema(cedar, schema);
    expect(text).toContain('name: __cedar::String');
    expect(text).toContain('claim_a?: Bool');
    expect(cedar.checkParseSchema(text)).toEqual({ type: 'success' });
  });

  it('refuses what is no schema', () => {
    expect(() => formatCedarSchema(cedar, { '': { entityTypes: {} } } as never)).toThrow(
      expect.toSatisfy(isAuthzError),
    );
  });
});
