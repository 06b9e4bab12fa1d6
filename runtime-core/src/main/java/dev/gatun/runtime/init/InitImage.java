package dev.gatun.runtime.init;

import dev.gatun.linux.image.ElfImage;
import dev.gatun.linux.image.ImageLayout;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.Slot;

/**
 * The image of a compiled configuration: an ELF file whose slots can still be given values before
 * it is executed.
 */
public final class InitImage {
  private final ElfImage elf;
  private final int slotsInLastExtent;

  private InitImage(ElfImage elf, int slotsInLastExtent) {
    this.elf = elf;
    this.slotsInLastExtent = slotsInLastExtent;
  }

  /**
   * Links a program for its image.
   *
   * @param compiled the program
   * @return the image
   */
  public static InitImage link(InitCompiler.Image compiled) {
    return link(compiled.program(), compiled.resident());
  }

  /**
   * Links a program for its image.
   *
   * @param program the program
   * @param resident how many of its first records stay in memory when the rest is given back
   * @return the image
   */
  public static InitImage link(Program program, int resident) {
    ImageLayout layout =
        new ImageLayout(
            program.arch(),
            program.size(),
            resident,
            program.constantSize(),
            program.slotCount(),
            program.variableSize(),
            program.zeroSize());
    byte[] linked = new byte[program.linkedSize()];
    program.link(
        new Program.Addresses(
            0, layout.constantsAddress(), layout.variablesAddress(), layout.zeroesAddress(), 0),
        linked,
        0);
    ElfImage elf = layout.emit(0, linked, 0);
    ElfImage.Extent last = elf.extent(elf.extents() - 1);
    int data = (int) (layout.variablesAddress() - layout.slotsAddress()) + program.variableSize();
    InitImage image = new InitImage(elf, last.bytes().length - data);
    image.put(Slot.IMAGE_REST, layout.restAddress());
    image.put(Slot.IMAGE_REST_SIZE, layout.restSize());
    image.put(Slot.IMAGE_SLOTS, layout.slotsAddress());
    image.put(Slot.IMAGE_SLOTS_END, layout.slotsAddress() + 8L * program.slotCount());
    return image;
  }

  private void put(Slot slot, long value) {
    byte[] bytes = elf.extent(elf.extents() - 1).bytes();
    int at = slotOffset(slot);
    for (int i = 0; i < 8; i++) {
      bytes[at + i] = (byte) (value >>> (8 * i));
    }
  }

  /** The file's parts. */
  public ElfImage elf() {
    return elf;
  }

  /**
   * Where a slot's first value is.
   *
   * @param slot a slot of the image's program
   * @return its offset in the bytes of the last extent
   */
  public int slotOffset(Slot slot) {
    return slotsInLastExtent + 8 * slot.number();
  }
}
