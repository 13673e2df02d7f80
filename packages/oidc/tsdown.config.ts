import { libraryConfig } from '../../tsdown.library.ts';

export default libraryConfig({ neutral: { index: 'src/index.ts' }, node: { node: 'src/node.ts' } });
