export { createErasures, type Erasures, type ErasuresOptions, erasureMigration } from './erasures';
