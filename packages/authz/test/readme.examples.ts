// #region decide
import { createAuthorizer } from '@thv/authz';
import { loadCedar } from '@thv/authz/node';

const config = {
  version: '1.0',
  type: 'cedarv1',
  cedar: {
    policies: ['permit(principal in THVGroup::"eng", action, resource == Tool::"weather");'],
  },
};
const authorizer = createAuthorizer(config, { cedar: await loadCedar(), serverName: 'demo' });
const identity = { subject: 'alice', claims: { groups: ['eng'] } };
const decision = await authorizer.authorize({ identity, action: 'call_tool', target: 'weather' });
console.log(decision.allowed, decision.policies); // true ['policy0']

// #endregion decide

export { decision };
