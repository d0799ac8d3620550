#!/bin/bash
# One part of a plan, as a task of an array: sbatch --array=1-40 slurm_part.sh
#SBATCH --cpus-per-task=4
#SBATCH --mem=2G
part=$SLURM_ARRAY_TASK_ID
exec unsurprised evaluate --plan plan.json --part "$part/${PARTS:-40}" --state "$part.state"
