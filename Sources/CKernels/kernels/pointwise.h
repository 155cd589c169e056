/// The interpreter of pointwise programs.
#ifndef APUS_POINTWISE_KERNEL_H
#define APUS_POINTWISE_KERNEL_H

#include "pointwise_operands.h"
#include "pointwise_operations.h"

/// A program with what one look at it tells, and the place of each register in the current tile.
typedef struct {
    const ApusPointwiseInstruction *program;
    int instructionCount;
    const ApusPointwiseOperand *inputs;
    int inputCount;
    const ApusPointwiseOperand *outputs;
    const uint16_t *outputRegisters;
    int outputCount;
    int rank;
    const int64_t *shape;
    float *scratch;
    /// Instructions that write the register.
    uint16_t writes[APUS_POINTWISE_MAX_REGISTERS];
    /// The last of them.
    int32_t lastWrite[APUS_POINTWISE_MAX_REGISTERS];
    /// The last instruction that reads the register; instructionCount for an output.
    int32_t lastRead[APUS_POINTWISE_MAX_REGISTERS];
    /// The output whose memory the register's last write may fill, or -1.
    int16_t directOutput[APUS_POINTWISE_MAX_REGISTERS];
    const float *values[APUS_POINTWISE_MAX_REGISTERS];
} PointwiseRun;

APUS_INLINE float *register_tile(const PointwiseRun *run, int index)
{
    return run->scratch + (size_t)index * APUS_POINTWISE_TILE;
}

APUS_INLINE int operand_count(int op)
{
    if (op == ApusPointwiseConstant) return 0;
    if (op < ApusPointwiseAdd) return 1;
    return op < ApusPointwiseWhere ? 2 : 3;
}

APUS_INLINE int is_plain_float(const ApusPointwiseOperand *operand)
{
    return operand->kind == ApusOperandContiguous && operand->dtype == ApusFloat32;
}

/// A constant that nothing else overwrites is filled in once, not in each tile.
APUS_INLINE int is_hoisted(const PointwiseRun *run, const ApusPointwiseInstruction *instruction)
{
    return instruction->op == ApusPointwiseConstant && run->writes[instruction->destination] == 1;
}

static void note_register(PointwiseRun *run, int *known, int index)
{
    if (index >= APUS_POINTWISE_MAX_REGISTERS) __builtin_trap();
    for (; *known <= index; ++*known) {
        run->writes[*known] = 0;
        run->lastWrite[*known] = -1;
        run->lastRead[*known] = -1;
        run->directOutput[*known] = -1;
    }
}

static void note_program(PointwiseRun *run)
{
    int known = 0;
    if (run->inputCount > 0) note_register(run, &known, run->inputCount - 1);
    for (int i = 0; i < run->instructionCount; i++) {
        const ApusPointwiseInstruction *instruction = &run->program[i];
        const uint16_t operands[3] = {instruction->a, instruction->b, instruction->c};
        for (int k = 0; k < operand_count(instruction->op); k++) {
            note_register(run, &known, operands[k]);
            run->lastRead[operands[k]] = i;
        }
        note_register(run, &known, instruction->destination);
        run->writes[instruction->destination]++;
        run->lastWrite[instruction->destination] = i;
    }
    for (int o = 0; o < run->outputCount; o++) {
        note_register(run, &known, run->outputRegisters[o]);
        run->lastRead[run->outputRegisters[o]] = run->instructionCount;
    }
}

/// Whether the write that ends `output`'s register may go to the output's memory: no later instruction reads an input
/// that lies in the same memory.
static int may_write_directly(const PointwiseRun *run, int output)
{
    const ApusPointwiseOperand *operand = &run->outputs[output];
    int index = run->outputRegisters[output];
    int lastWrite = run->lastWrite[index];
    if (!is_plain_float(operand) || lastWrite < 0 || run->directOutput[index] >= 0) return 0;
    if (is_hoisted(run, &run->program[lastWrite])) return 0;
    for (int i = 0; i < run->inputCount; i++) {
        if (run->inputs[i].data == operand->data && run->lastRead[i] > lastWrite) return 0;
    }
    return 1;
}

/// Runs the program on `count` positions, a multiple of the vector width, from `position` on.
///
/// In place, contiguous floats are read where they lie and results stored where they belong; otherwise (at the ragged
/// end, where a whole vector would pass the end of the memory) only the first `valid` positions are copied in and out.
static void run_tile(PointwiseRun *run, int64_t position, int64_t count, int64_t valid, int inPlace)
{
    for (int i = 0; i < run->inputCount; i++) {
        const ApusPointwiseOperand *operand = &run->inputs[i];
        if (operand->kind == ApusOperandScalar) continue;
        // An input that is also an output is copied first: another output may lie in its memory.
        if (inPlace && is_plain_float(operand) && run->lastRead[i] < run->instructionCount) {
            run->values[i] = (const float *)operand->data + position;
        } else {
            float *tile = register_tile(run, i);
            read_operand(tile, operand, run->rank, run->shape, position, valid);
            for (int64_t k = valid; k < count; k++) tile[k] = 0.0f;
            run->values[i] = tile;
        }
    }
    for (int i = 0; i < run->instructionCount; i++) {
        const ApusPointwiseInstruction *instruction = &run->program[i];
        if (is_hoisted(run, instruction)) continue;
        int index = instruction->destination;
        float *destination = register_tile(run, index);
        if (inPlace && run->directOutput[index] >= 0 && run->lastWrite[index] == i) {
            destination = (float *)run->outputs[run->directOutput[index]].data + position;
        }
        int operands = operand_count(instruction->op);
        const float *a = operands > 0 ? run->values[instruction->a] : NULL;
        const float *b = operands > 1 ? run->values[instruction->b] : NULL;
        const float *c = operands > 2 ? run->values[instruction->c] : NULL;
        run_operation(instruction->op, instruction->immediate, destination, a, b, c, count);
        run->values[index] = destination;
    }
    for (int o = 0; o < run->outputCount; o++) {
        int index = run->outputRegisters[o];
        if (inPlace && run->directOutput[index] == o) continue;
        write_operand(run->values[index], &run->outputs[o], run->rank, run->shape, position, valid);
    }
}

static void pointwise_kernel(
    const ApusPointwiseInstruction *program, int instructionCount,
    const ApusPointwiseOperand *inputs, int inputCount,
    const ApusPointwiseOperand *outputs, const uint16_t *outputRegisters, int outputCount,
    int rank, const int64_t *shape, int64_t begin, int64_t end, float *scratch)
{
    if (begin >= end) return;
    PointwiseRun run;
    run.program = program;
    run.instructionCount = instructionCount;
    run.inputs = inputs;
    run.inputCount = inputCount;
    run.outputs = outputs;
    run.outputRegisters = outputRegisters;
    run.outputCount = outputCount;
    run.rank = rank;
    run.shape = shape;
    run.scratch = scratch;
    note_program(&run);
    for (int o = 0; o < outputCount; o++) {
        if (may_write_directly(&run, o)) run.directOutput[outputRegisters[o]] = (int16_t)o;
    }
    for (int i = 0; i < inputCount; i++) {
        if (inputs[i].kind != ApusOperandScalar) continue;
        read_run(register_tile(&run, i), inputs[i].data, inputs[i].dtype, 0, 0, APUS_POINTWISE_TILE);
        run.values[i] = register_tile(&run, i);
    }
    for (int i = 0; i < instructionCount; i++) {
        if (!is_hoisted(&run, &program[i])) continue;
        float *tile = register_tile(&run, program[i].destination);
        run_operation(ApusPointwiseConstant, program[i].immediate, tile, NULL, NULL, NULL, APUS_POINTWISE_TILE);
        run.values[program[i].destination] = tile;
    }
    int64_t position = begin;
    while (end - position >= vectorWidth) {
        int64_t count = smaller(end - position, APUS_POINTWISE_TILE) / vectorWidth * vectorWidth;
        run_tile(&run, position, count, count, 1);
        position += count;
    }
    if (position < end) run_tile(&run, position, vectorWidth, end - position, 0);
}

#endif
