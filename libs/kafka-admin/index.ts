export { applyGrants, applyTopics } from './apply';
export { readWanted } from './wanted';
