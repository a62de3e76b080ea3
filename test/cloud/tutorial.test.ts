import { tutorial } from '../kubectl/tutorial.contract.ts';
import { reasonToSkipContainers } from '../support/real-nodes.ts';

tutorial('the tutorial on functions and two nodes', await reasonToSkipContainers(), { cloud: 'local' });
