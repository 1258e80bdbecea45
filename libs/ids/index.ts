export { uuidOf, uuidv7 } from './ids';
