import { createMemoryStores } from '../support/memory-stores.ts';
import { describeStores } from './stores.ts';

describeStores('memory', async () => ({ ...createMemoryStores(), stop: async () => {} }));
