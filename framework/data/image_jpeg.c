/* image_jpeg.c: JPEG through libjpeg-turbo, with its defaults (accurate DCT, smooth upsampling), as Pillow uses it. */
#include "data/image_codec.h"

#include <stdio.h> /* jpeglib.h wants it before */

#include <jerror.h>
#include <jpeglib.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define EXIF_MARKER (JPEG_APP0 + 1)
#define EXIF_NAME "Exif\0" /* and the zero at the end of the literal */
#define SCANS_MAX 500      /* a progressive file has about ten; each is a pass over the whole picture */

struct jpeg_job {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr manager;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    struct raster *raster;
    struct error *error;
};

static struct jpeg_job *job_of(j_common_ptr jpeg) {
    return jpeg->client_data;
}

/* libjpeg calls this from inside its own functions and must not be returned to. */
static _Noreturn void fail(j_common_ptr jpeg) {
    struct jpeg_job *job = job_of(jpeg);
    char words[JMSG_LENGTH_MAX];

    jpeg->err->format_message(jpeg, words);
    error_set(job->error, "libjpeg: %s: an intact JPEG file wanted", words);
    longjmp(job->jump, 1);
}

/* libjpeg warns and paints grey where data is missing; here that is a failure. Harmless: bytes between segments and odd
 * values in headers. */
static void message(j_common_ptr jpeg, int level) {
    int code = jpeg->err->msg_code;

    if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR && code != JWRN_ADOBE_XFORM) fail(jpeg);
}

static void watch(j_common_ptr jpeg) {
    struct jpeg_job *job = job_of(jpeg);

    if (jpeg->is_decompressor && job->jpeg.input_scan_number > SCANS_MAX) {
        error_set(job->error, "more than %d scans: a JPEG file as cameras write it wanted", SCANS_MAX);
        longjmp(job->jump, 1);
    }
}

static unsigned find_orientation(const struct jpeg_decompress_struct *jpeg) {
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m; m = m->next)
        if (m->marker == EXIF_MARKER && m->data_length > sizeof EXIF_NAME &&
            memcmp(m->data, EXIF_NAME, sizeof EXIF_NAME) == 0)
            return exif_orientation(m->data + sizeof EXIF_NAME, m->data_length - sizeof EXIF_NAME);
    return 1;
}

static bool read_header(struct jpeg_job *job) {
    struct jpeg_decompress_struct *jpeg = &job->jpeg;

    jpeg_save_markers(jpeg, EXIF_MARKER, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK)
        return error_set(job->error, "a JPEG of four inks (CMYK): RGB or grey wanted (convert it: which ink profile "
                                     "makes which colour is not for assay to guess)");
    jpeg->out_color_space = JCS_RGB; /* grey, too: libjpeg-turbo repeats it */
    job->raster->width = jpeg->image_width;
    job->raster->height = jpeg->image_height;
    job->raster->orientation = find_orientation(jpeg);
    return image_check_size(job->raster->width, job->raster->height, job->error);
}

static bool read_rows(struct jpeg_job *job) {
    struct raster *r = job->raster;
    size_t row_size = 3 * (size_t)r->width;

    r->rgb = malloc(row_size * r->height);
    if (!r->rgb) return error_memory(job->error);
    jpeg_start_decompress(&job->jpeg);
    while (job->jpeg.output_scanline < job->jpeg.output_height) {
        JSAMPROW row = r->rgb + row_size * job->jpeg.output_scanline;
        jpeg_read_scanlines(&job->jpeg, &row, 1);
    }
    jpeg_finish_decompress(&job->jpeg);
    return true;
}

/* All state is in *job, and no local of this function changes after the setjmp (C11 7.13.2.1p3). */
static bool run_job(struct jpeg_job *job, const uint8_t *bytes, size_t size) {
    if (setjmp(job->jump) != 0) return false;
    jpeg_create_decompress(&job->jpeg);
    job->jpeg.client_data = job;
    job->jpeg.progress = &job->progress;
    jpeg_mem_src(&job->jpeg, bytes, size);
    return read_header(job) && read_rows(job);
}

bool image_jpeg_decode(const uint8_t *bytes, size_t size, struct raster *out, struct error *e) {
    struct jpeg_job job = {.raster = out, .error = e};

    job.jpeg.err = jpeg_std_error(&job.manager);
    job.jpeg.client_data = &job; /* jpeg_create_decompress keeps it */
    job.manager.error_exit = fail;
    job.manager.emit_message = message;
    job.progress.progress_monitor = watch;
    bool ok = run_job(&job, bytes, size);
    jpeg_destroy_decompress(&job.jpeg);
    return ok;
}
