import { reasonToSkipContainers } from '../support/real-nodes.ts';
import { tutorial } from './tutorial.contract.ts';

tutorial('the tutorial on two nodes', await reasonToSkipContainers());
