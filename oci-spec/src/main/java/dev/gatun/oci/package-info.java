/**
 * The documents of the OCI runtime specification 1.3.0 as records: {@code config.json} for Linux
 * ({@link dev.gatun.oci.Spec}), {@code state} ({@link dev.gatun.oci.State}) and {@code features}
 * ({@link dev.gatun.oci.Features}), with the reader, the writer and the rules that a config has to
 * keep.
 *
 * <p>Records are named as in the specification, and their components as its JSON properties. They
 * are the only configuration model: what is derived from them is a program, not another model.
 *
 * <ul>
 *   <li>An optional property that is absent is null. A list or map is empty instead where the
 *       specification gives absence no meaning of its own. An optional string that is empty counts
 *       as absent, and so does a JSON null.
 *   <li>A uint32 is a {@code long} from 0 to 4294967295. A uint64 is a {@code long} that is read as
 *       unsigned: compare with {@link java.lang.Long#compareUnsigned}.
 *   <li>Closed sets of the kernel or the specification are enums; a name outside of them is an
 *       error with its place.
 *   <li>Lists and maps are unmodifiable and keep the document's order.
 * </ul>
 *
 * <p>Reading is done by hand-written code on a tokenizer of its own ({@code JsonTokens} says why).
 * It is on the path of every short command, which runs in a fresh JVM in interpreted mode: no
 * reflection, no regular expressions, no streams, and a section that a document does not have loads
 * no class.
 */
@NullMarked
package dev.gatun.oci;

import org.jspecify.annotations.NullMarked;
