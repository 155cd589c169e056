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
    PointwiseValue values[APUS_POINTWISE_MAX_REGISTERS];
    /// Whether results go to memory past the caches; then none is written directly.
    int streams;
    /// Positions that one tile takes.
    int64_t tileSize;
} PointwiseRun;

enum {
    /// Registers with intermediate values that should stay in a first-level cache of 32 KiB beside what is streamed
    /// through it.
    pointwiseCachedFloats = 4096,
    /// A broadcast run at least this long is worth ending a tile for: its operand then needs no copy.
    pointwiseLongRun = 256,
};

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

/// Whether a tile may be stored past the caches: its memory is nobody's input.
static int may_stream(const PointwiseRun *run, int output)
{
    const ApusPointwiseOperand *operand = &run->outputs[output];
    if (!run->streams || !is_plain_float(operand)) return 0;
    for (int i = 0; i < run->inputCount; i++) {
        if (run->inputs[i].data == operand->data) return 0;
    }
    return 1;
}

/// Cuts a tile at the end of a long run of a broadcast operand, within which the operand needs no copy.
static int64_t tile_within_runs(const PointwiseRun *run, int64_t position, int64_t count)
{
    for (int i = 0; i < run->inputCount; i++) {
        if (run->inputs[i].kind != ApusOperandStrided || run->rank == 0) continue;
        int64_t columns = run->shape[run->rank - 1], left = columns - position % columns;
        if (left >= pointwiseLongRun && left < count) count = left / vectorWidth * vectorWidth;
    }
    return count;
}

/// Where a strided operand's elements lie if the tile is within one run of it: in place, or all in one element, of
/// which `tile` gets a vector.
static int read_within_run(
    PointwiseRun *run, const ApusPointwiseOperand *operand, float *tile, int64_t position, int64_t count,
    PointwiseValue *value)
{
    if (operand->kind != ApusOperandStrided || operand->dtype != ApusFloat32 || run->rank == 0) return 0;
    int64_t stride = operand->strides[run->rank - 1];
    if (stride != 0 && stride != 1) return 0;
    StridedCursor cursor;
    cursor_begin(&cursor, run->rank, run->shape, operand->strides, position);
    if (cursor_run(&cursor) < count) return 0;
    const float *data = (const float *)operand->data + cursor.offset;
    if (stride == 1) {
        *value = (PointwiseValue){data, -1};
    } else {
        store(tile, splat(*data));
        *value = (PointwiseValue){tile, 0};
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
        float *tile = register_tile(run, i);
        // An input that is also an output is copied first: another output may lie in its memory.
        int mayStay = inPlace && run->lastRead[i] < run->instructionCount;
        if (mayStay && is_plain_float(operand)) {
            run->values[i] = (PointwiseValue){(const float *)operand->data + position, -1};
        } else if (!mayStay || !read_within_run(run, operand, tile, position, count, &run->values[i])) {
            read_operand(tile, operand, run->rank, run->shape, position, valid);
            for (int64_t k = valid; k < count; k++) tile[k] = 0.0f;
            run->values[i] = (PointwiseValue){tile, -1};
        }
    }
    for (int i = 0; i < run->instructionCount; i++) {
        const ApusPointwiseInstruction *instruction = &run->program[i];
        if (is_hoisted(run, instruction)) continue;
        int index = instruction->destination;
        float *destination = register_tile(run, index);
        const PointwiseValue none = {NULL, 0};
        int operands = operand_count(instruction->op);
        PointwiseValue a = operands > 0 ? run->values[instruction->a] : none;
        PointwiseValue b = operands > 1 ? run->values[instruction->b] : none;
        PointwiseValue c = operands > 2 ? run->values[instruction->c] : none;
        // One number is computed once, in a vector; an output's memory is filled with it below.
        int isUniform = operands > 0 && (a.mask | b.mask | c.mask) == 0;
        if (inPlace && !isUniform && run->directOutput[index] >= 0 && run->lastWrite[index] == i) {
            destination = (float *)run->outputs[run->directOutput[index]].data + position;
        }
        run_operation(instruction->op, instruction->immediate, destination, a, b, c, isUniform ? vectorWidth : count);
        run->values[index] = (PointwiseValue){destination, isUniform ? 0 : -1};
    }
    for (int o = 0; o < run->outputCount; o++) {
        int index = run->outputRegisters[o];
        if (inPlace && run->directOutput[index] == o && run->values[index].mask != 0) continue;
        const float *tile = run->values[index].data;
        if (run->values[index].mask == 0) {
            // One number: its register's tile is filled with it.
            float *filled = register_tile(run, index);
            vfloat number = load(tile);
            for (int64_t k = 0; k < count; k += vectorWidth) store(filled + k, number);
            tile = filled;
        }
        if (inPlace && may_stream(run, o)) {
            stream_floats((float *)run->outputs[o].data + position, tile, count);
        } else {
            write_operand(tile, &run->outputs[o], run->rank, run->shape, position, valid);
        }
    }
}

static void pointwise_kernel(
    const ApusPointwiseInstruction *program, int instructionCount,
    const ApusPointwiseOperand *inputs, int inputCount,
    const ApusPointwiseOperand *outputs, const uint16_t *outputRegisters, int outputCount,
    int rank, const int64_t *shape, int64_t begin, int64_t end, int streams, float *scratch)
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
    run.streams = streams;
    note_program(&run);
    for (int o = 0; o < outputCount; o++) {
        if (!streams && may_write_directly(&run, o)) run.directOutput[outputRegisters[o]] = (int16_t)o;
    }
    for (int i = 0; i < inputCount; i++) {
        if (inputs[i].kind != ApusOperandScalar) continue;
        read_run(register_tile(&run, i), inputs[i].data, inputs[i].dtype, 0, 0, vectorWidth);
        run.values[i] = (PointwiseValue){register_tile(&run, i), 0};
    }
    int intermediates = 1;
    for (int i = 0; i < instructionCount; i++) {
        if (is_hoisted(&run, &program[i])) {
            float *tile = register_tile(&run, program[i].destination);
            store(tile, splat(program[i].immediate));
            run.values[program[i].destination] = (PointwiseValue){tile, 0};
        } else if (run.directOutput[program[i].destination] < 0 && run.lastWrite[program[i].destination] == i) {
            intermediates++;
        }
    }
    run.tileSize = pointwiseCachedFloats / intermediates / vectorWidth * vectorWidth;
    run.tileSize = larger(smaller(run.tileSize, APUS_POINTWISE_TILE), APUS_POINTWISE_TILE / 4);
    int64_t position = begin;
    while (end - position >= vectorWidth) {
        int64_t count = smaller(end - position, run.tileSize) / vectorWidth * vectorWidth;
        count = tile_within_runs(&run, position, count);
        run_tile(&run, position, count, count, 1);
        position += count;
    }
    if (position < end) run_tile(&run, position, vectorWidth, end - position, 0);
    // Stores past the caches are seen in no order unless one is asked for.
    if (streams) __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
