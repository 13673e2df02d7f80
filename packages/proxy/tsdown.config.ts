import { libraryConfig } from '../../tsdown.library.ts';

export default libraryConfig({
  neutral: { index: 'src/index.ts', telemetry: 'src/telemetry/index.ts' },
  node: { node: 'src/node/index.ts' },
});
