import { z } from 'zod';

export const money = z
  .object({
    amount: z.int().meta({ description: 'Minor units (cents for EUR).', example: 1999 }),
    currency: z.string().meta({ description: 'ISO 4217.', example: 'EUR' }),
  })
  .meta({ id: 'Money' });
