export { pseudoRandom, sampleId, sampleStock } from './sample';
